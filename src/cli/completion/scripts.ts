/** The completion scripts of three shells. Words come from our own commands alone, and are quoted all the same. */
import type { CommandWords, OptionWords } from './words.js';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The script that a shell reads once, at its start. */
export function completionScript(shell: Shell, commands: readonly CommandWords[]): string {
  return { bash, zsh, fish }[shell](commands);
}

function bash(commands: readonly CommandWords[]): string {
  return `# geocubes completion bash
_geocubes() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command= word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in -*) ;; *) command=$word; break ;; esac
  done
  COMPREPLY=()
  case $command in
    '') COMPREPLY=($(compgen -W ${quoted(commands.map(({ name }) => name).join(' '))} -- "$cur")) ;;
${commands.map(bashCommand).join('\n')}
  esac
}
complete -o filenames -F _geocubes geocubes
`;
}

function bashCommand({ name, words, options }: CommandWords): string {
  const flags = options.map(({ long }) => `--${long}`).join(' ');
  return `    ${name})
      case $prev in
${options.flatMap(bashOption).join('\n')}
      esac
      case $cur in
        -*) COMPREPLY=($(compgen -W ${quoted(flags)} -- "$cur")) ;;
        *) ${bashReply(words)} ;;
      esac ;;`;
}

function bashOption({ long, short, value }: OptionWords): string[] {
  if (value === 'nothing') return [];
  const names = short === undefined ? `--${long}` : `--${long}|-${short}`;
  return [`        ${names}) ${bashReply(value)}; return ;;`];
}

function bashReply(value: OptionWords['value']): string {
  if (value === 'files') return `local IFS=$'\\n'; COMPREPLY=($(compgen -f -- "$cur"))`;
  return typeof value === 'string'
    ? 'COMPREPLY=()'
    : `COMPREPLY=($(compgen -W ${quoted(value.join(' '))} -- "$cur"))`;
}

function zsh(commands: readonly CommandWords[]): string {
  const list = commands.map(
    ({ name, description }) => `    ${quoted(`${name}:${description.replaceAll(':', '\\:')}`)}`,
  );
  return `#compdef geocubes
# geocubes completion zsh
_geocubes() {
  local -a commands
  commands=(
${list.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${commands.map(zshCommand).join('\n')}
  esac
}
if [ "$funcstack[1]" = _geocubes ]; then _geocubes "$@"; else compdef _geocubes geocubes; fi
`;
}

function zshCommand({ name, words, options }: CommandWords): string {
  const specs = options.map(
    ({ long, description, value }) =>
      `      ${quoted(`--${long}[${description.replaceAll(/[[\]\\:]/g, '\\$&')}]${zshValue(value)}`)}`,
  );
  if (words !== 'nothing') specs.push(`      ${quoted(`*${zshValue(words)}`)}`);
  return `    ${name}) _arguments \\\n${specs.join(' \\\n')} ;;`;
}

function zshValue(value: OptionWords['value']): string {
  if (value === 'nothing') return '';
  if (value === 'files') return ':file:_files';
  return value === 'anything' ? ':value: ' : `:value:(${value.join(' ')})`;
}

function fish(commands: readonly CommandWords[]): string {
  const lines = commands.flatMap(({ name, description, words, options }) => {
    const here = `complete -c geocubes -n ${quoted(`__fish_seen_subcommand_from ${name}`)}`;
    const own =
      words === 'files'
        ? [`${here} -F`]
        : words === 'nothing'
          ? []
          : [`${here} -a ${quoted(words.join(' '))}`];
    return [
      `complete -c geocubes -n __fish_use_subcommand -a ${name} -d ${quoted(description)}`,
      ...own,
      ...options.map(({ long, short, description, value }) =>
        [
          here,
          `-l ${long}`,
          ...(short === undefined ? [] : [`-s ${short}`]),
          `-d ${quoted(description)}`,
          ...fishValue(value),
        ].join(' '),
      ),
    ];
  });
  return ['# geocubes completion fish', 'complete -c geocubes -f', ...lines, ''].join('\n');
}

function fishValue(value: OptionWords['value']): string[] {
  if (value === 'nothing') return [];
  if (value === 'files') return ['-r', '-F'];
  return value === 'anything' ? ['-x'] : ['-x', `-a ${quoted(value.join(' '))}`];
}

/** In single quotes, as all three shells read them but for the quote itself: our texts have none that is needed. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", '’')}'`;
}
