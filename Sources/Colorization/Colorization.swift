// The parts of Colorization.
