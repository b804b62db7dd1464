"""What a person may ask of their own data (UU 27/2022): to see it, to have it mended, to have it erased."""
