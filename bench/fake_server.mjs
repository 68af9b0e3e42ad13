// Seam's own fake with codes in it, on the loopback address: `node fake_server.mjs FILE CODES`, FILE being its module.
import net from "node:net"
import { pathToFileURL } from "node:url"

// The fake listens on every address; here it gets the one that it may have.
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (port, ...rest) {
  return listen.call(this, port, "127.0.0.1", ...rest.filter((part) => typeof part === "function"))
}

const [file, count] = process.argv.slice(2)
const { createFake } = await import(pathToFileURL(file))
const fake = await createFake()
const seeded = await fake.seed()
const ids = Array.from({ length: Number(count) }, (_, number) =>
  fake.database.addAccessCode({
    workspace_id: seeded.seed_workspace_1,
    device_id: seeded.august_device_1,
    name: `Code ${number}`,
    code: String(100000 + number),
    type: "ongoing",
  }).access_code_id
)
const { port } = await fake.startServer()
console.log(
  JSON.stringify({
    url: `http://127.0.0.1:${port}`,
    key: seeded.seam_apikey1_token,
    device_id: seeded.august_device_1,
    ids: ids.slice(-25),
  })
)
