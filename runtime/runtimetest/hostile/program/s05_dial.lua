-- expect: timeout | attacks: connections that are never accepted
-- needs: net.dial, fs.read
while true do pcall(probe.check, { tcp = "127.0.0.1:1" }) pcall(probe.check, { http = "http://127.0.0.1:1/" }) pcall(probe.check, { unix = "sock" }) end
