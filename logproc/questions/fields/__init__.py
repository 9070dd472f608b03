"""Fields computed from other fields, such as the browser of a user agent."""
