// The parts of Network.
