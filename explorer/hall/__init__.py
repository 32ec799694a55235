"""A lecture's room: what the presenter asks and shows, the audience's votes, and the page on their phones."""
