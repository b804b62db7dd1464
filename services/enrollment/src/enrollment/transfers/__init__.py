"""Moving asked for by the agency that takes somebody: it asks by NIP, the agency that has them answers."""
