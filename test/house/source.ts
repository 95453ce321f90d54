import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

/** Files below these folders, as paths from the root, with one of these endings. */
export function filesBelow(folders: readonly string[], endings: readonly string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && endings.some((ending) => entry.name.endsWith(ending)))
      .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).replaceAll('\\', '/')),
  )
}

/** `isRead`: by an address beside the file, as data, or as a program to start. */
export type Import = { from: string; target: string; line: number; typeOnly: boolean; isRead: boolean }

/** What a file imports, or reads by an address beside it; `target` is a path from the root, or a package's name. */
export function importsOf(path: string): Import[] {
  const source = parse(path)
  const found: Import[] = []
  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node)
    if (specifier) {
      const target = specifier.text.startsWith('.') ? posix.join(dirname(path), specifier.text) : specifier.text
      const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1
      found.push({ from: path, target, line, typeOnly: isTypeOnly(node), isRead: ts.isNewExpression(node) })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** Every function with its first line and its length in lines. */
export function functionsOf(path: string): { name: string; line: number; lines: number }[] {
  const source = parse(path)
  const found: { name: string; line: number; lines: number }[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body) {
      const line = (position: number) => source.getLineAndCharacterOfPosition(position).line + 1
      const first = line(node.getStart(source))
      found.push({
        name: node.name?.getText(source) ?? 'a function',
        line: first,
        lines: line(node.getEnd()) - first + 1,
      })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** Exported functions and constants without a doc comment above them. */
export function undocumentedExports(path: string): string[] {
  const source = parse(path)
  return source.statements
    .filter(
      (statement) =>
        ts.canHaveModifiers(statement) &&
        ts.getModifiers(statement)?.some((one) => one.kind === ts.SyntaxKind.ExportKeyword),
    )
    .filter((statement) => ts.isFunctionDeclaration(statement) || isFunctionConstant(statement))
    .filter((statement) => ts.getJSDocCommentsAndTags(statement).length === 0)
    .map((statement) => `${path}:${source.getLineAndCharacterOfPosition(statement.getStart(source)).line + 1}`)
}

const isFunctionConstant = (statement: ts.Statement): boolean =>
  ts.isVariableStatement(statement) &&
  statement.declarationList.declarations.some(({ initializer }) => initializer && ts.isArrowFunction(initializer))

function specifierOf(node: ts.Node): ts.StringLiteral | undefined {
  if (ts.isNewExpression(node)) return addressBeside(node)
  if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
    return ts.isStringLiteral(node.moduleSpecifier) ? node.moduleSpecifier : undefined
  }
  if (!ts.isCallExpression(node) || node.expression.kind !== ts.SyntaxKind.ImportKeyword) return undefined
  const [argument] = node.arguments
  return argument && ts.isStringLiteral(argument) ? argument : undefined
}

/** The first argument of `new URL('…', import.meta.url)`. */
function addressBeside({ expression, arguments: [address, base] = ts.factory.createNodeArray() }: ts.NewExpression) {
  const isBeside = expression.getText() === 'URL' && base?.getText() === 'import.meta.url'
  return isBeside && address && ts.isStringLiteral(address) ? address : undefined
}

/** `import type …`, or an import whose every name is a type. */
function isTypeOnly(node: ts.Node): boolean {
  if (ts.isExportDeclaration(node)) return node.isTypeOnly
  if (!ts.isImportDeclaration(node) || !node.importClause) return false
  const { importClause } = node
  if (importClause.isTypeOnly) return true
  const names = importClause.namedBindings
  return (
    !importClause.name && !!names && ts.isNamedImports(names) && names.elements.every((element) => element.isTypeOnly)
  )
}

/** Of an .astro file, the script between its first two lines of dashes. */
function parse(path: string): ts.SourceFile {
  const text = path.endsWith('.astro') ? (/^---\n([\s\S]*?)\n---/.exec(read(path))?.[1] ?? '') : read(path)
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
}
