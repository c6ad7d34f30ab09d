// The parts of FramePipeline.
