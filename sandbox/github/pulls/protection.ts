import { Hono } from 'hono'
import { z } from 'zod'
import { visible, writable } from '../access.ts'
import { type GitHubEnv, notFound, originOf, Refusal } from '../answer.ts'
import { bodyOf } from '../body.ts'
import { conclusionOf } from '../checks/checks.ts'
import { branchTip } from '../git/git.ts'
import type { GitHubState, Repository } from '../state.ts'
import { mayAs, roleOf } from '../users.ts'
import type { Protection } from './pull-state.ts'

const ProtectionRequest = z.object({
  required_status_checks: z
    .object({
      strict: z.boolean().default(false),
      contexts: z.array(z.string()).default([]),
      checks: z.array(z.object({ context: z.string(), app_id: z.int().optional() })).optional(),
    })
    .nullable(),
  enforce_admins: z.boolean().nullable(),
  required_pull_request_reviews: z
    .object({
      required_approving_review_count: z.int().min(0).max(6).default(1),
      require_code_owner_reviews: z.boolean().default(false),
    })
    .nullable(),
  restrictions: z.unknown(),
})

/** Branch protection: required status checks and required reviews. */
export function protectionRoutes(state: GitHubState): Hono<GitHubEnv> {
  const path = '/repos/:o/:r/branches/:b/protection'
  const find = (repository: Repository, branch: string) => {
    if (!branchTip(state, repository, branch)) throw new Refusal(404, 'Branch not found')
    return repository.protections.get(branch)
  }
  return new Hono<GitHubEnv>()
    .get(path, (c) => {
      const repository = visible(state, c.var.who, c.req.param(), 'administration')
      const found = find(repository, c.req.param('b'))
      if (!found) throw new Refusal(404, 'Branch not protected')
      return c.json(protectionJson(found, `${originOf(c)}${c.req.path}`))
    })
    .put(path, async (c) => {
      const repository = writable(state, c.var.who, c.req.param(), 'administration', 'admin')
      find(repository, c.req.param('b'))
      const asked = await bodyOf(c, ProtectionRequest)
      const checks = asked.required_status_checks
      const reviews = asked.required_pull_request_reviews
      const protection: Protection = {
        contexts: checks?.checks?.map(({ context }) => context) ?? checks?.contexts ?? [],
        strict: checks?.strict ?? false,
        reviews: reviews?.required_approving_review_count ?? 0,
        codeOwners: reviews?.require_code_owner_reviews ?? false,
        admins: asked.enforce_admins ?? false,
      }
      repository.protections.set(c.req.param('b'), protection)
      return c.json(protectionJson(protection, `${originOf(c)}${c.req.path}`))
    })
    .delete(path, (c) => {
      const repository = writable(state, c.var.who, c.req.param(), 'administration', 'admin')
      if (!repository.protections.delete(c.req.param('b'))) throw notFound()
      return c.body(null, 204)
    })
}

/** Why a commit may not get on a branch, in GitHub's words; undefined when it may. Admins may, unless they are bound, too. */
export function obstacle(
  state: GitHubState,
  repository: Repository,
  branch: string,
  { sha, approvals, actor }: { sha: string; approvals: number | undefined; actor: string },
): string | undefined {
  const protection = repository.protections.get(branch)
  if (!protection || (!protection.admins && mayAs(roleOf(state, repository, actor), 'admin'))) return undefined
  const { reviews, contexts } = protection
  if (reviews > 0 && approvals === undefined) return 'Changes must be made through a pull request.'
  if (reviews > (approvals ?? 0)) {
    const verb = reviews === 1 ? 'review is' : 'reviews are'
    return `At least ${reviews} approving ${verb} required by reviewers with write access.`
  }
  const missing = contexts.find((name) => !PASSED.includes(conclusionOf(state, repository, sha, name) ?? ''))
  return missing === undefined ? undefined : `Required status check "${missing}" is expected.`
}

const PASSED = ['success', 'neutral', 'skipped']

/** A branch's protection as GitHub shows it. */
export function protectionJson({ contexts, strict, reviews, codeOwners, admins }: Protection, url: string) {
  const checks = contexts.map((context) => ({ context, app_id: null }))
  return {
    url,
    ...(contexts.length > 0 || strict
      ? { required_status_checks: { url: `${url}/required_status_checks`, strict, contexts, checks } }
      : {}),
    ...(reviews > 0 || codeOwners
      ? {
          required_pull_request_reviews: {
            url: `${url}/required_pull_request_reviews`,
            dismiss_stale_reviews: false,
            require_code_owner_reviews: codeOwners,
            required_approving_review_count: reviews,
          },
        }
      : {}),
    enforce_admins: { url: `${url}/enforce_admins`, enabled: admins },
  }
}
