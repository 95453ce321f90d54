/** One of a stand-in's test controls. Throws when it refuses. */
export async function control(base: string, path: string, body: object = {}): Promise<Record<string, unknown>> {
  const answer = await fetch(`${base}/_test/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  return (await answer.json()) as Record<string, unknown>
}
