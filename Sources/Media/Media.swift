// The parts of Media.
