"""The documentation as a site: pages put together from what the clone already says, built without a network."""
