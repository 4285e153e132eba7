"""The people side: members, qualifications, responsibilities, absences, who acts, handovers."""
