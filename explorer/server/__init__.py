"""What a server that strangers use needs around the app: safe headers, numbers for operators, events in the log."""
