"""Tables and queries of notices: copies of others' facts, audiences, notices."""
