CREATE TABLE noted (id text COLLATE "C" PRIMARY KEY, name text NOT NULL, number int NOT NULL);
CREATE TABLE ticks (number int NOT NULL);
