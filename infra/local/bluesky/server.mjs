// Runs a Bluesky PDS and its PLC directory: `node server.mjs <pds port> <plc port>`. Both end with this process.
import net from "node:net";

const [pdsPort, plcPort] = process.argv.slice(2).map(Number);

// Neither server takes a host, and both would listen on every interface.
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (where, ...rest) {
  return typeof where === "number"
    ? listen.call(this, { port: where, host: "127.0.0.1" }, rest.findLast((argument) => typeof argument === "function"))
    : listen.call(this, where, ...rest);
};

// Imported only now, so that no module can have taken hold of the original `listen`.
const { TestNetworkNoAppView } = await import("@atproto/dev-env");

const network = await TestNetworkNoAppView.create({ pds: { port: pdsPort }, plc: { port: plcPort } });
// A ledger for the tests that the product cannot read: one line for each write of a repository, with this server's time.
network.pds.ctx.sequencer.on("events", (events) => {
  for (const { type, time, evt } of events) {
    if (type === "commit") {
      const writes = evt.ops.map(({ action, path }) => ({ action, path }));
      console.log(`written ${JSON.stringify({ time, repo: evt.repo, writes })}`);
    }
  }
});
console.log("keeps a ledger in this log");
console.log(`ready: PDS on 127.0.0.1:${pdsPort}, PLC on 127.0.0.1:${plcPort}`);

for (const signal of ["SIGTERM", "SIGINT"]) {
  process.once(signal, async () => {
    await network.close();
    process.exit(0);
  });
}
