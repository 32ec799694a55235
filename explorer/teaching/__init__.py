"""What is taught with the networks: the tours' steps, and questions whose answers are computed."""
