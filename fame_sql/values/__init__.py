"""Value heads: what the values of a message change of its event's verdict."""
