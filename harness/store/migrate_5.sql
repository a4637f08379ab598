-- Schema 5: the headings under which reports sum a case up, as the suite gives them.
CREATE TABLE member_family (
  run_id INTEGER NOT NULL,
  i_member INTEGER NOT NULL,
  place INTEGER NOT NULL,
  family TEXT NOT NULL,
  PRIMARY KEY (run_id, i_member, place),
  FOREIGN KEY (run_id, i_member) REFERENCES member (run_id, i_member)
) STRICT, WITHOUT ROWID;
