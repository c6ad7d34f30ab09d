// The sample film.
