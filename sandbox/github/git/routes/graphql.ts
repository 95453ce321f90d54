import { buildSchema, type GraphQLError, graphql } from 'graphql'
import { Hono } from 'hono'
import { z } from 'zod'
import { type GitHubEnv, Refusal } from '../../answer.ts'
import { bodyOf } from '../../body.ts'
import type { GitHubState } from '../../state.ts'
import { rootOf } from './graphql-root.ts'

/** The part of GitHub's schema that clients of the shop ask for (https://docs.github.com/en/graphql/reference). */
const SCHEMA = buildSchema(`
  scalar GitObjectID
  scalar Base64String
  scalar URI
  type Query {
    repository(owner: String!, name: String!, followRenames: Boolean = true): Repository
    viewer: User!
    rateLimit: RateLimit
  }
  type RateLimit { limit: Int! cost: Int! remaining: Int! }
  type User { login: String! }
  type Repository { id: ID! name: String! nameWithOwner: String! isPrivate: Boolean! object(oid: GitObjectID, expression: String): GitObject mergeQueue(branch: String): MergeQueue pullRequest(number: Int!): PullRequest }
  type MergeQueue { entries(first: Int): MergeQueueEntryConnection }
  type MergeQueueEntryConnection { nodes: [MergeQueueEntry] }
  type MergeQueueEntry { position: Int! baseCommit: Commit headCommit: Commit pullRequest: PullRequest }
  interface GitObject { id: ID! oid: GitObjectID! abbreviatedOid: String! }
  type Blob implements GitObject { id: ID! oid: GitObjectID! abbreviatedOid: String! byteSize: Int! isBinary: Boolean isTruncated: Boolean! text: String }
  type Tree implements GitObject { id: ID! oid: GitObjectID! abbreviatedOid: String! entries: [TreeEntry!] }
  type TreeEntry { name: String! path: String oid: GitObjectID! mode: Int! type: String! size: Int! object: GitObject }
  type Commit implements GitObject { id: ID! oid: GitObjectID! abbreviatedOid: String! message: String! messageHeadline: String! tree: Tree! url: URI! }
  scalar DateTime
  type PullRequest { id: ID! number: Int! isDraft: Boolean! headRefOid: GitObjectID! author: User timelineItems(last: Int, itemTypes: [PullRequestTimelineItemsItemType!]): PullRequestTimelineItemsConnection! }
  enum PullRequestTimelineItemsItemType { BASE_REF_CHANGED_EVENT AUTOMATIC_BASE_CHANGE_SUCCEEDED_EVENT }
  type PullRequestTimelineItemsConnection { nodes: [PullRequestTimelineItems] }
  union PullRequestTimelineItems = BaseRefChangedEvent | AutomaticBaseChangeSucceededEvent
  type BaseRefChangedEvent { createdAt: DateTime! }
  type AutomaticBaseChangeSucceededEvent { createdAt: DateTime! }
  type Ref { name: String! target: GitObject }
  type Mutation {
    createCommitOnBranch(input: CreateCommitOnBranchInput!): CreateCommitOnBranchPayload
    markPullRequestReadyForReview(input: PullRequestInput!): PullRequestPayload
    convertPullRequestToDraft(input: PullRequestInput!): PullRequestPayload
  }
  input PullRequestInput { pullRequestId: ID! clientMutationId: String }
  type PullRequestPayload { clientMutationId: String pullRequest: PullRequest }
  input CreateCommitOnBranchInput {
    branch: CommittableBranch! message: CommitMessage! expectedHeadOid: GitObjectID! fileChanges: FileChanges clientMutationId: String
  }
  input CommittableBranch { id: ID repositoryNameWithOwner: String branchName: String }
  input CommitMessage { headline: String! body: String }
  input FileChanges { additions: [FileAddition!] deletions: [FileDeletion!] }
  input FileAddition { path: String! contents: Base64String! }
  input FileDeletion { path: String! }
  type CreateCommitOnBranchPayload { clientMutationId: String commit: Commit ref: Ref }
`)

const GraphqlRequest = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
})
/** GraphQL: git's objects, many in one question, and a commit on a branch as the App. Answers 200 even to what failed, as GitHub does. */
export function graphqlRoutes(state: GitHubState): Hono<GitHubEnv> {
  return new Hono<GitHubEnv>().post('/graphql', async (c) => {
    const { who } = c.var
    if (who.kind !== 'user' && who.kind !== 'installation') {
      throw new Refusal(401, 'This endpoint requires you to be authenticated.')
    }
    const { query, variables, operationName } = await bodyOf(c, GraphqlRequest)
    const { data, errors } = await graphql({
      schema: SCHEMA,
      source: query,
      rootValue: rootOf(state, who),
      variableValues: variables ?? {},
      operationName: operationName ?? null,
    })
    return c.json({ ...(data === undefined ? {} : { data }), ...(errors ? { errors: errors.map(errorJson) } : {}) })
  })
}

/** An error as GitHub writes it: what kind it is stands beside its message. */
const errorJson = ({ message, path, locations, extensions }: GraphQLError) => ({
  ...(typeof extensions.type === 'string' ? { type: extensions.type } : {}),
  ...(path ? { path } : {}),
  ...(locations ? { locations } : {}),
  message,
})
