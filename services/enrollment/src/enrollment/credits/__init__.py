"""JP that an ASN brings from elsewhere: outside certificates and other learning, with evidence, verified with reasons."""
