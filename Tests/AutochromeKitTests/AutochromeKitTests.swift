// Tests of AutochromeKit.
