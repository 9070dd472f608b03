"""Times: the forms in which logs write them, and how texts of a form become seconds since 1970."""
