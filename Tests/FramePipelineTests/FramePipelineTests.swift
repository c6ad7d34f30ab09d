// Tests of FramePipeline.
