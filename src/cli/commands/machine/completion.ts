import { Argument, Command } from 'commander';
import { completionScript, SHELLS, type Shell } from '../../completion/scripts.js';
import { wordsOfProgram } from '../../completion/words.js';
import { print } from '../../output/terminal.js';

/** The program that it belongs to has to be loaded whole (`cli/program.ts`). */
export function completionCommand(): Command {
  return new Command('completion')
    .addArgument(new Argument('<shell>', 'whose script to print').choices(SHELLS))
    .addHelpText(
      'after',
      [
        '\n~/.bashrc sources the one; zsh and fish read theirs from a folder of completions.',
        '\nExamples:',
        '  $ geocubes completion bash > geocubes.bash',
        '  $ geocubes completion zsh > _geocubes',
        '  $ geocubes completion fish > geocubes.fish',
      ].join('\n'),
    )
    .action((shell: Shell, _options: unknown, command: Command) => {
      const commands = command.parent === null ? [] : wordsOfProgram(command.parent);
      print(...completionScript(shell, commands).trimEnd().split('\n'));
    });
}
