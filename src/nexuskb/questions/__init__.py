"""Named questions: one .rq file a question, with its words, parameters and keywords in a header."""
