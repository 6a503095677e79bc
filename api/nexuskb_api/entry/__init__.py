"""Adding and reviewing records in the browser: forms, the queue of reviews, sessions, workbooks."""
