// Loaded first: whatever this process listens on is bound to 127.0.0.1; the packages would listen on all interfaces.
import net from 'node:net'

const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (...given) {
  const [first, second] = given
  if (first !== null && typeof first === 'object' && first.port !== undefined) {
    given[0] = { ...first, host: '127.0.0.1' }
  } else if (typeof first === 'number' || /^\d+$/.test(String(first))) {
    given.splice(1, typeof second === 'string' ? 1 : 0, '127.0.0.1')
  }
  return listen.apply(this, given)
}
