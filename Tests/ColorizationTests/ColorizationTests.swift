// Tests of Colorization.
