// The parts of AutochromeKit.
