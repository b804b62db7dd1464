"""Who answers what, when."""
