/**
 * Finds state that belongs to a module: what outlives a call, and so may be changed by one call while
 * another waits. TypeScript itself tells what a name stands for and how it is used. Variables, containers, memory,
 * instances, statics, expressions that remember their last match, and objects that anybody writes to are state.
 */
import ts from 'typescript';

/**
 * @typedef {object} ModuleState
 * @property {string} file
 * @property {string} name of the variable, or `Class.property`
 * @property {string} why it is state
 */

/** Instances of these hold nothing that changes. */
const STATELESS =
  /^(?:NumberFormat|DateTimeFormat|ListFormat|Collator|URL|Date|TextEncoder|RegExp)$/;

/** No type of TypeScript says that they are only read. */
const MEMORY =
  /^(?:(?:Big)?(?:Int|Uint|Float)\d+(?:Clamped)?Array|(?:Shared)?ArrayBuffer|DataView|Buffer|WeakMap|WeakSet)$/;

const CONTAINER = /^(?:Map|Set|Array)$/;

/** Methods that change what they are called on. */
const CHANGES = new Set([
  ...['set', 'add', 'delete', 'clear', 'push', 'pop', 'shift', 'unshift', 'splice', 'sort'],
  ...['reverse', 'fill', 'copyWithin'],
]);

/** Where a regular expression of a module remembers its last match. */
const REMEMBERS = new Set(['exec', 'test']);

/**
 * @param {string[]} files to look at; what they import from elsewhere is only asked for its types
 * @param {ts.CompilerOptions} options
 * @returns {ModuleState[]}
 */
export function findModuleState(files, options) {
  const program = ts.createProgram(files, { ...options, noEmit: true });
  const search = new Search(program.getTypeChecker());
  const sources = files.flatMap((file) => program.getSourceFile(file) ?? []);
  for (const source of sources) search.declarations(source);
  for (const source of sources) search.uses(source);
  return search.found;
}

class Search {
  /** @type {ModuleState[]} */
  found = [];
  /** Names that are state once something changes them. @type {Map<ts.Symbol, ts.Identifier>} */
  watched = new Map();
  /** As text, under any name that an import gives them: all others need not be looked up. @type {Set<string>} */
  names = new Set(['globalThis']);
  /** @type {Set<ts.Node>} */
  reported = new Set();

  /** @param {ts.TypeChecker} checker */
  constructor(checker) {
    this.checker = checker;
  }

  /** @param {ts.SourceFile} source */
  declarations(source) {
    for (const statement of source.statements) {
      if (ts.isVariableStatement(statement)) {
        const isConst = (statement.declarationList.flags & ts.NodeFlags.Const) !== 0;
        for (const { name, initializer } of statement.declarationList.declarations)
          this.variable(name, initializer, isConst);
      } else if (ts.isClassDeclaration(statement)) this.statics(statement);
      else if (ts.isFunctionDeclaration(statement) && statement.name) this.watch(statement.name);
    }
  }

  variable(name, initializer, isConst) {
    if (!ts.isIdentifier(name)) {
      // A part of something else, such as of a module that is required.
      for (const each of name.elements) if (each.name) this.variable(each.name, undefined, isConst);
      return;
    }
    if (!isConst) this.report(name, 'it is assigned again');
    else this.constant(name, initializer);
  }

  /** @param {ts.ClassDeclaration} statement */
  statics(statement) {
    for (const member of statement.members) {
      if (!ts.isPropertyDeclaration(member)) continue;
      const flags = ts.getCombinedModifierFlags(member);
      if ((flags & ts.ModifierFlags.Static) === 0) continue;
      if ((flags & ts.ModifierFlags.Readonly) === 0)
        this.report(member.name, 'it is static and may be assigned', statement);
      else this.constant(member.name, member.initializer, statement);
    }
  }

  /** What never gets another value may still change within. */
  constant(name, initializer, owner) {
    const type = this.checker.getTypeAtLocation(name);
    const kind = type.getSymbol()?.getName() ?? '';
    const made = initializer === undefined ? undefined : withoutCasts(initializer);
    if (MEMORY.test(kind)) this.report(name, `a ${kind} can always be written to`, owner);
    else if (made && isCalledFunction(made))
      this.report(name, 'a function that is called at once may keep something', owner);
    else if (
      made &&
      ts.isNewExpression(made) &&
      !CONTAINER.test(made.expression.getText()) &&
      !STATELESS.test(lastName(made))
    )
      this.report(name, `it is an instance of ${made.expression.getText()}`, owner);
    else if (CONTAINER.test(kind) && made && isEmpty(made))
      this.report(name, `an empty ${kind} is there to be filled`, owner);
    this.watch(name);
  }

  watch(name) {
    const symbol = this.checker.getSymbolAtLocation(name);
    if (symbol === undefined) return;
    this.watched.set(symbol, name);
    this.names.add(name.text);
  }

  /** Looks for whatever changes a watched name, or hands it to somebody who may. */
  uses(/** @type {ts.Node} */ node) {
    if (ts.isImportSpecifier(node)) {
      if (node.propertyName && this.names.has(node.propertyName.text))
        this.names.add(node.name.text);
    } else if (ts.isIdentifier(node) && this.names.has(node.text) && !isDeclared(node))
      this.use(node);
    ts.forEachChild(node, (child) => this.uses(child));
  }

  /** @param {ts.Identifier} node */
  use(node) {
    if (node.text === 'globalThis' && isChanged(node, this.checker))
      this.report(node, 'everything shares globalThis');
    const name = this.watched.get(this.symbolOf(node));
    if (name === undefined) return;
    if (isChanged(node, this.checker)) this.report(name, 'it is changed');
    else if (this.isHandedOut(node))
      this.report(name, 'it is handed out as something that may be changed');
  }

  symbolOf(node) {
    const symbol = ts.isShorthandPropertyAssignment(node.parent)
      ? this.checker.getShorthandAssignmentValueSymbol(node.parent)
      : this.checker.getSymbolAtLocation(node);
    if (symbol === undefined) return undefined;
    return (symbol.flags & ts.SymbolFlags.Alias) === 0
      ? symbol
      : this.checker.getAliasedSymbol(symbol);
  }

  /** As an argument, a result or another name, where a container is taken that may be changed. */
  isHandedOut(node) {
    const type = this.checker.getTypeAtLocation(node);
    if (!CONTAINER.test(type.getSymbol()?.getName() ?? '')) return false;
    const { parent } = node;
    if (ts.isVariableDeclaration(parent) && parent.initializer === node)
      return this.isContainer(this.checker.getTypeAtLocation(parent.name));
    const taken = ts.isExpression(node) ? this.checker.getContextualType(node) : undefined;
    return taken !== undefined && this.isContainer(taken);
  }

  isContainer(type) {
    const kinds = type.isUnion() ? type.types : [type];
    return kinds.some((each) => CONTAINER.test(each.getSymbol()?.getName() ?? ''));
  }

  report(name, why, owner) {
    if (this.reported.has(name)) return;
    this.reported.add(name);
    const file = name.getSourceFile().fileName;
    const text = owner === undefined ? name.getText() : `${owner.name?.text}.${name.getText()}`;
    this.found.push({ file, name: text, why });
  }
}

function isDeclared(node) {
  const { parent } = node;
  return (
    (ts.isVariableDeclaration(parent) && parent.name === node) ||
    ts.isImportSpecifier(parent) ||
    ts.isExportSpecifier(parent) ||
    ts.isImportClause(parent)
  );
}

/** `node`, or something in it, gets another value. */
function isChanged(node, checker) {
  let target = asSeen(node);
  while (isAccess(target.parent) && target.parent.expression === target) {
    const access = target.parent;
    if (ts.isCallExpression(access.parent) && access.parent.expression === access) {
      const method = ts.isPropertyAccessExpression(access) ? access.name.text : '';
      if (CHANGES.has(method)) return isBuiltIn(target, checker);
      return REMEMBERS.has(method) && isGlobal(target, checker);
    }
    target = asSeen(access);
  }
  const { parent } = target;
  if (ts.isDeleteExpression(parent)) return true;
  if (ts.isPrefixUnaryExpression(parent) || ts.isPostfixUnaryExpression(parent))
    return (
      parent.operator === ts.SyntaxKind.PlusPlusToken ||
      parent.operator === ts.SyntaxKind.MinusMinusToken
    );
  if (ts.isCallExpression(parent))
    return parent.arguments[0] === target && parent.expression.getText() === 'Object.assign';
  return (
    ts.isBinaryExpression(parent) &&
    parent.left === target &&
    parent.operatorToken.kind >= ts.SyntaxKind.FirstAssignment &&
    parent.operatorToken.kind <= ts.SyntaxKind.LastAssignment
  );
}

function isAccess(node) {
  return ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node);
}

/** With the casts and brackets around it. */
function asSeen(node) {
  const { parent } = node;
  return ts.isAsExpression(parent) ||
    ts.isNonNullExpression(parent) ||
    ts.isParenthesizedExpression(parent)
    ? asSeen(parent)
    : node;
}

/** Others may have methods of these names that change nothing. */
function isBuiltIn(node, checker) {
  const kind = checker.getTypeAtLocation(node).getSymbol()?.getName() ?? '';
  return CONTAINER.test(kind) || MEMORY.test(kind);
}

/** A regular expression with the flags g or y, as far as it can be seen. */
function isGlobal(node, checker) {
  const declaration = checker.getSymbolAtLocation(node)?.valueDeclaration;
  const made =
    declaration && ts.isVariableDeclaration(declaration) ? declaration.initializer : undefined;
  if (made === undefined) return false;
  if (ts.isRegularExpressionLiteral(made))
    return /[gy]\w*$/.test(made.text.slice(made.text.lastIndexOf('/')));
  return ts.isNewExpression(made) && /[gy]/.test(made.arguments?.[1]?.getText() ?? '');
}

function withoutCasts(node) {
  while (
    ts.isAsExpression(node) ||
    ts.isSatisfiesExpression(node) ||
    ts.isParenthesizedExpression(node) ||
    ts.isAwaitExpression(node)
  )
    node = node.expression;
  return node;
}

function isCalledFunction(node) {
  if (!ts.isCallExpression(node)) return false;
  const called = withoutCasts(node.expression);
  return ts.isFunctionExpression(called) || ts.isArrowFunction(called);
}

function isEmpty(node) {
  if (ts.isArrayLiteralExpression(node)) return node.elements.length === 0;
  return ts.isNewExpression(node) && (node.arguments ?? []).length === 0;
}

/** `NumberFormat` of `new Intl.NumberFormat()`. */
function lastName({ expression }) {
  return ts.isPropertyAccessExpression(expression) ? expression.name.text : expression.getText();
}
