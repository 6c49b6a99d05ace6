"""Definition files: their schemas, how a cell is read, and what makes a row wrong."""
