"""Tables and queries of deliveries."""
