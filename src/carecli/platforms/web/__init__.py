"""What platforms share of the web: the one http client, its address guard, HTML as text."""
