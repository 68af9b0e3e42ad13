// Makes the calls of tests/conformance/drive.py with Seam's JavaScript SDK, under the same names.
import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'

import { Seam } from 'seam'

const BACKUP_WITHIN_MS = 40_000
const UNKNOWN = randomUUID()
const [first, second, third, fourth] = process.argv.slice(2)
const seam = new Seam()
const made = {}

const inHours = (hours) => new Date(Date.now() + hours * 3_600_000).toISOString()
const window = { starts_at: inHours(4), ends_at: inHours(5) }
const isDigits = (text) => /^\d+$/.test(text)
const ids = (found) => found.map((one) => one.device_id)
const pages = async (request) => await seam.createPaginator(request).flattenToArray()
const { accessCodes: codes, devices, locks, actionAttempts, events, webhooks, connectedAccounts } = seam
const bound = () => made.bound.access_code_id
const foreign = () => made.foreign.access_code_id
const hook = () => made.hook.webhook_id

const ends = async (id) => {
  const left = await codes.list({ device_id: first })
  const found = left.find((one) => one.access_code_id === id)
  return found === undefined || found.status === 'removing'
}

const pull = async () => {
  const ending = { use_backup_access_code_pool: true, ends_at: inHours(2) }
  const { access_code_id } = await codes.create({ device_id: second, ...ending })
  const until = Date.now() + BACKUP_WITHIN_MS
  while (!(await codes.get({ access_code_id })).is_backup_access_code_available) {
    if (Date.now() > until) throw new Error('no backup code lies ready')
    await pause(300)
  }
  const pulled = await codes.pullBackupAccessCode({ access_code_id })
  return pulled.is_backup && isDigits(pulled.code)
}

const waits = async () => {
  const oldest = (await actionAttempts.list({ device_id: first })).at(-1)
  const { action_attempt_id } = oldest
  const got = await actionAttempts.get({ action_attempt_id }, { waitForActionAttempt: true })
  const code = await codes.get({ access_code_id: made.ongoing.access_code_id })
  return got.status === 'success' && code.status === 'set'
}

const calls = {
  'access_codes.create (ongoing)': async () => {
    made.ongoing = await codes.create({ device_id: first, name: 'Ada' })
    return made.ongoing.type === 'ongoing'
  },
  'access_codes.create (ongoing, with code)': async () =>
    (await codes.create({ device_id: first, code: '4829' })).code === '4829',
  'access_codes.create (time-bound)': async () => {
    made.bound = await codes.create({ device_id: first, ...window })
    return made.bound.type === 'time_bound' && isDigits(made.bound.code)
  },
  'access_codes.create (time-bound, with code)': async () =>
    (await codes.create({ device_id: first, code: '7316', ...window })).code === '7316',
  'access_codes.get': async () => (await codes.get({ access_code_id: bound() })).code === made.bound.code,
  'access_codes.list': async () => (await codes.list({ device_id: first })).length === 4,
  'access_codes.list (pages)': async () => (await pages(codes.list({ device_id: first, limit: 3 }))).length === 4,
  'access_codes.generate_code': async () => isDigits((await codes.generateCode({ device_id: first })).code),
  'access_codes.update': async () => {
    await codes.update({ access_code_id: bound(), name: 'Grace', ends_at: inHours(9) })
    return (await codes.get({ access_code_id: bound() })).name === 'Grace'
  },
  'access_codes.delete': async () => {
    await codes.delete({ access_code_id: bound() })
    return await ends(bound())
  },
  'access_codes.report_device_constraints': async () => {
    await codes.reportDeviceConstraints({ device_id: first, min_code_length: 4, max_code_length: 8 })
    return true
  },
  'access_codes.create_multiple': async () => {
    made.shared = await codes.createMultiple({ device_ids: [second, third], ...window })
    return made.shared.length === 2 && made.shared[0].code === made.shared[1].code
  },
  'access_codes.update_multiple': async () => {
    await codes.updateMultiple({ common_code_key: made.shared[0].common_code_key, name: 'Family' })
    const shown = await Promise.all(made.shared.map(({ access_code_id }) => codes.get({ access_code_id })))
    return shown.every((one) => one.name === 'Family')
  },
  'access_codes.pull_backup_access_code': pull,
  'access_codes.simulate.create_unmanaged_access_code': async () => {
    const typed = { device_id: first, code: '2580', name: 'Guest' }
    made.foreign = await codes.simulate.createUnmanagedAccessCode(typed)
    return made.foreign.is_managed === false
  },
  'access_codes.unmanaged.list': async () => {
    const found = await codes.unmanaged.list({ device_id: first })
    return found.length === 1 && found[0].code === '2580'
  },
  'access_codes.unmanaged.get': async () => {
    const found = await codes.unmanaged.get({ device_id: first, code: '2580' })
    return found.access_code_id === foreign()
  },
  'access_codes.unmanaged.update': async () => {
    await codes.unmanaged.update({ access_code_id: foreign(), is_managed: false })
    return true
  },
  'access_codes.unmanaged.convert_to_managed': async () => {
    await codes.unmanaged.convertToManaged({ access_code_id: foreign() })
    return true
  },
  'access_codes.unmanaged.delete (of nothing)': async () => {
    await codes.unmanaged.delete({ access_code_id: UNKNOWN })
    return true
  },
  'devices.get': async () => (await devices.get({ device_id: fourth })).properties.online,
  'devices.list': async () => ids(await devices.list()).includes(fourth),
  'devices.list (pages)': async () => ids(await pages(devices.list({ limit: 2 }))).includes(fourth),
  'devices.list_device_providers': async () => (await devices.listDeviceProviders()).length === 1,
  'devices.update': async () => {
    await devices.update({ device_id: fourth, is_managed: false })
    return (await devices.unmanaged.get({ device_id: fourth })).is_managed === false
  },
  'devices.unmanaged.get': async () => (await devices.unmanaged.get({ device_id: fourth })).device_id === fourth,
  'devices.unmanaged.list': async () => ids(await devices.unmanaged.list()).includes(fourth),
  'devices.unmanaged.update': async () => {
    await devices.unmanaged.update({ device_id: fourth, is_managed: true })
    return (await devices.get({ device_id: fourth })).is_managed
  },
  'locks.get': async () => (await locks.get({ device_id: first })).device_id === first,
  'locks.list': async () => ids(await locks.list()).includes(first),
  'locks.lock_door (waits)': async () => (await locks.lockDoor({ device_id: first })).status === 'success',
  'locks.unlock_door (waits)': async () => (await locks.unlockDoor({ device_id: first })).status === 'success',
  'action_attempts.list': async () =>
    (await actionAttempts.list({ device_id: first })).some((one) => one.action_type === 'CREATE_ACCESS_CODE'),
  'action_attempts.get (waits)': waits,
  'events.list': async () => {
    made.events = await events.list({ device_id: first, since: inHours(-1) })
    return made.events.length > 0
  },
  'events.get': async () => {
    const [{ event_id, event_type }] = made.events
    return (await events.get({ event_id })).event_type === event_type
  },
  'webhooks.create': async () => {
    made.hook = await webhooks.create({ url: 'https://listener.example/hook' })
    return made.hook.secret.startsWith('whsec_')
  },
  'webhooks.get': async () =>
    (await webhooks.get({ webhook_id: hook() })).url === 'https://listener.example/hook',
  'webhooks.list': async () => (await webhooks.list()).some((one) => one.webhook_id === hook()),
  'webhooks.update': async () => {
    await webhooks.update({ webhook_id: hook(), event_types: ['access_code.set_on_device'] })
    return (await webhooks.get({ webhook_id: hook() })).event_types.join() === 'access_code.set_on_device'
  },
  'webhooks.delete': async () => {
    await webhooks.delete({ webhook_id: hook() })
    return !(await webhooks.list()).some((one) => one.webhook_id === hook())
  },
  'connected_accounts.list': async () => {
    made.accounts = await connectedAccounts.list()
    return made.accounts.length === 1
  },
  'connected_accounts.get': async () => {
    const [{ connected_account_id }] = made.accounts
    return (await connectedAccounts.get({ connected_account_id })).account_type === 'lock_cloud'
  },
  'workspaces.get': async () => (await seam.workspaces.get()).is_sandbox === false,
  'access_codes.get (of nothing)': async () => Boolean(await codes.get({ access_code_id: UNKNOWN })),
  'access_codes.create (no id)': async () => Boolean(await codes.create({ device_id: 'no id' })),
  'devices.list (wrong key)': async () => Boolean(await new Seam({ apiKey: 'seam_nobody' }).devices.list()),
}

const outcome = async (call) => {
  try {
    return (await call()) ? 'works' : 'answers otherwise'
  } catch (error) {
    return error.requestId === undefined ? `fails: ${error}` : `refused: \`${error.code}\``
  }
}

const told = {}
for (const [name, call] of Object.entries(calls)) told[name] = await outcome(call)
console.log(JSON.stringify(told))
