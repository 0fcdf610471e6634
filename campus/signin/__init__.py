"""Who somebody is and which groups they are in: the hub's authenticators."""
