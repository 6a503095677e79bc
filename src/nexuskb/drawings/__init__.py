"""Small drawings for pages: scalable vector graphics with real links, coloured by the page's style sheet."""
