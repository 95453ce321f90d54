import { Hono } from 'hono'
import type { GitHubEnv } from './answer.ts'
import { branchRoutes } from './git/routes/branch.ts'
import { compareRoutes } from './git/routes/compare.ts'
import { contentRoutes } from './git/routes/contents.ts'
import { gitDataRoutes } from './git/routes/git-data.ts'
import { graphqlRoutes } from './git/routes/graphql.ts'
import { refRoutes } from './git/routes/refs.ts'
import { commentRoutes } from './issues/comment.ts'
import { issueRoutes, labelRoutes } from './issues/issue.ts'
import { issueEventRoutes } from './issues/issue-event.ts'
import { reactionRoutes } from './issues/reaction.ts'
import { forkRoutes } from './pulls/fork.ts'
import { protectionRoutes } from './pulls/protection.ts'
import { pullRoutes } from './pulls/pull.ts'
import { mergeRoutes } from './pulls/pull-merge.ts'
import { reviewRoutes } from './pulls/review.ts'
import { repositoryRoutes } from './repository.ts'
import type { GitHubState } from './state.ts'
import { userRoutes } from './users.ts'

/** All that makes a code host: people, repositories, git, pull requests, issues. */
export function hostRoutes(state: GitHubState): Hono<GitHubEnv> {
  const parts = [userRoutes, repositoryRoutes, forkRoutes, protectionRoutes, branchRoutes, refRoutes, gitDataRoutes]
  const more = [contentRoutes, compareRoutes, pullRoutes, mergeRoutes, reviewRoutes, commentRoutes, labelRoutes]
  const routes = new Hono<GitHubEnv>()
  for (const part of [...parts, ...more, reactionRoutes, issueRoutes, issueEventRoutes, graphqlRoutes])
    routes.route('/', part(state))
  return routes
}
