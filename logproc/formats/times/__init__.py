"""Times: the forms that logs use, and how texts become seconds since 1970."""
