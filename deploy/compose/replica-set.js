// The health check of MongoDB in docker-compose.yml: makes a new mongod the only member of its
// replica set, and tells whether it is the primary.
try {
  rs.status()
} catch (error) {
  if (error.codeName !== "NotYetInitialized") throw error
  rs.initiate({ _id: "rs0", members: [{ _id: 0, host: "mongodb:27017" }] })
}
quit(db.hello().isWritablePrimary ? 0 : 1)
