"""Reading and writing records in the formats that people and programs exchange."""
