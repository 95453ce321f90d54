import { Hono } from 'hono'
import type { GitHubEnv } from './answer.ts'
import { branchRoutes } from './branch.ts'
import { commentRoutes } from './comment.ts'
import { compareRoutes } from './compare.ts'
import { contentRoutes } from './contents.ts'
import { forkRoutes } from './fork.ts'
import { gitDataRoutes } from './git-data.ts'
import { graphqlRoutes } from './graphql.ts'
import { issueRoutes, labelRoutes } from './issue.ts'
import { issueEventRoutes } from './issue-event.ts'
import { protectionRoutes } from './protection.ts'
import { pullRoutes } from './pull.ts'
import { mergeRoutes } from './pull-merge.ts'
import { reactionRoutes } from './reaction.ts'
import { refRoutes } from './refs.ts'
import { repositoryRoutes } from './repository.ts'
import { reviewRoutes } from './review.ts'
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
