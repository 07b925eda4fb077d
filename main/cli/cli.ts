import { Command, CommanderError, Option } from 'commander';
import { StatusError } from '../../app/core/status.ts';
import { readConchVersion } from '../start-host.ts';
import { printConfig } from './print-config.ts';
import { PLAIN_REPOSITORY } from '../../app/core/deployment/deployment-facts.ts';
import { DEPLOYMENT_TARGETS } from '../../app/core/deployment/deployment-target.ts';
import { exportModel } from './export-model.ts';
import { infer } from './infer.ts';
import { inspectFile } from './inspect-file.ts';
import { serve } from './serve.ts';
import { translate } from './translate.ts';

const FAILED = 1;
const WRONG_USAGE = 2;

function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}\n`;
}

function createProgram(): Command {
  const program = new Command('conch')
    .description(
      'A workbench for models that NVIDIA Triton Inference Server will serve.\n' +
        'Without a command, or with paths, it opens the workbench: conch [model or repository…]',
    )
    .version(readConchVersion())
    .showHelpAfterError('(conch --help, or conch help <command>, shows how)')
    .exitOverride()
    .addHelpText(
      'after',
      examples(
        'conch model.onnx                                  the workbench, with this model',
        'conch inspect model.onnx                          what it is',
        'conch serve ./model_repository --http-port 8000   as tritonserver would',
        'conch infer model.onnx                            one request with generated inputs',
      ),
    );

  program
    .command('serve')
    .summary('serve a model repository over HTTP and gRPC')
    .description("Serves a model repository; takes tritonserver's flags (conch serve --help lists them).")
    .argument('[repository and flags...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(serve);
  program
    .command('inspect')
    .summary('say what a model file is')
    .description('Says what a model file or folder is: format, inputs, outputs, what can be done with it.')
    .argument('<file>', 'a model file or folder')
    .option('--json', 'the whole description as JSON')
    .addHelpText('after', examples('conch inspect model.onnx', 'conch inspect model.pt --json | jq .verdict'))
    .action(inspectFile);
  program
    .command('config')
    .summary("print a model's config.pbtxt")
    .description('Prints the config.pbtxt that Triton needs for a model, each inferred line with its reason.')
    .argument('<file>', 'a model file or folder')
    .option('--name <name>', "the model's name in the repository; from the file's name when absent")
    .option('--json', 'name, text and config as JSON')
    .addHelpText('after', examples('conch config model.onnx > model_repository/model/config.pbtxt'))
    .action(printConfig);
  program
    .command('infer')
    .summary('send one inference request')
    .description(
      'Sends one inference request to a served model, or to a model file by a server that lives for this request.',
    )
    .argument('<model>', 'a model file, or the URL of a served model: http://localhost:8000/my_model')
    .option(
      '--inputs <file>',
      '.npz (arrays by input name, or by position "0", "1", …) or one .npy; generated when absent',
    )
    .option('--outputs <file>', 'write the outputs as .npz instead of printing their values')
    .option('--model-version <number>', "the server's choice when absent")
    .option(
      '--against <url>',
      'send the same to another server, http://host:8000/my_model, and compare; ends with 1 where they differ',
    )
    .option('--json', 'the answer as JSON, 64-bit integers with every digit')
    .addHelpText(
      'after',
      examples(
        'conch infer model.onnx',
        'conch infer model.onnx --inputs x.npz --outputs y.npz',
        'conch infer http://localhost:8000/digits --inputs x.npz --json',
        'conch infer model.onnx --against http://production:8000/my_model',
      ),
    )
    .action(infer);
  program
    .command('translate')
    .summary('translate a PyTorch model to ONNX')
    .description(
      'Translates a TorchScript model (torch.jit.save) or a program of torch.export.save to ONNX by following it; no Python and no libtorch.',
    )
    .argument('<model>', 'a .pt or .pt2 file')
    .requiredOption('-o, --output <file>', 'the ONNX file to write')
    .option(
      '--shape <name=dims>',
      'what an input is, once for each: x=1,3,224,224 or ids=INT64:-1,128 (-1 is free); from the model when absent; a .pt2 has its own',
      (value: string, before: readonly string[]) => [...before, value],
      [] as readonly string[],
    )
    .option('--json', 'inputs, outputs and guards as JSON')
    .addHelpText(
      'after',
      examples(
        'conch translate model.pt -o model.onnx',
        'conch translate bert.pt -o bert.onnx --shape ids=INT64:-1,128',
        'conch translate model.pt2 -o model.onnx',
      ),
    )
    .action(translate);
  program
    .command('export')
    .summary('write a model repository that Triton serves as it is')
    .description(
      'Writes a ready model repository: a folder, a zip or a tar.gz, with the files that deploy it where --for says so.',
    )
    .argument(
      '<model>',
      "a model file, a repository folder, or the name of a model in Conch's own repository",
    )
    .requiredOption(
      '--to <where>',
      'a path (its ending says the format); dir, zip or tar.gz for one in this folder; s3://bucket/path uploads it',
    )
    .addOption(
      new Option('--as <form>', 'a .pt or .pt2 file as it was saved, or as its translation to ONNX')
        .choices(['saved', 'onnx'])
        .default('saved'),
    )
    .addOption(
      new Option('--for <target>', 'what it is deployed to')
        .choices(DEPLOYMENT_TARGETS)
        .default(PLAIN_REPOSITORY.target),
    )
    .option('--release <tag>', "Triton's release", PLAIN_REPOSITORY.release)
    .option('--gpu', 'for a machine or cluster with NVIDIA GPUs', false)
    .option('--storage <uri>', 'where a cluster reads the repository: s3://…, gs://…, as://…, pvc://…', '')
    .option(
      '--endpoint-url <url>',
      "of an S3 server that is not Amazon's; keys are those of the AWS command line",
    )
    .option('--region <name>', 'of the S3 bucket')
    .option('--data-folder <path>', "where Conch's own repository is; the workbench's when absent")
    .option('--json', 'path and size as JSON')
    .addHelpText(
      'after',
      examples(
        'conch export model.onnx --to repository/',
        'conch export digits --to digits.tar.gz',
        'conch export model.pt2 --as onnx --to repository/',
        'conch export digits --for compose --to digits-compose/',
        'conch export digits --to s3://bucket/models --endpoint-url https://minio.example.org',
        'conch export digits --for kserve --storage s3://bucket/models --to digits.zip',
      ),
    )
    .action(exportModel);
  return program;
}

async function run(): Promise<number> {
  try {
    await createProgram().parseAsync();
    return Number(process.exitCode ?? 0);
  } catch (cause) {
    // Commander has said what is wrong; help and version end in the same way, as successes.
    if (cause instanceof CommanderError) return cause.exitCode === 0 ? 0 : WRONG_USAGE;
    if (!(cause instanceof StatusError)) throw cause;
    process.stderr.write(`${cause.message}\n`);
    return FAILED;
  }
}

process.exitCode = await run();
