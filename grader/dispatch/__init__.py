"""Who runs exams: worker processes here, Jobs in a cluster. May import store, exam, records and course archives."""
