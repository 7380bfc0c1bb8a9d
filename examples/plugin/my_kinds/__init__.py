"""A kind of each sort, as a package of your own brings them."""
