import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const CONFIG = `backend: "python"
max_batch_size: 4
input { name: "INPUT" data_type: TYPE_INT32 dims: [ 2 ] }
output { name: "OUTPUT" data_type: TYPE_INT32 dims: [ 2 ] }
`;
/** Answers twice its input. */
export const DOUBLES = `import triton_python_backend_utils as pb

class TritonPythonModel:
    def execute(self, requests):
        return [
            pb.InferenceResponse([pb.Tensor("OUTPUT", pb.get_input_tensor_by_name(each, "INPUT").as_numpy() * 2)])
            for each in requests
        ]
`;

/** A model of Triton's Python backend in a repository, with two INT32 in and out. */
export async function writePythonModel(repository: string, name: string, program: string): Promise<void> {
  await mkdir(join(repository, name, '1'), { recursive: true });
  await writeFile(join(repository, name, 'config.pbtxt'), CONFIG);
  await writeFile(join(repository, name, '1/model.py'), program);
}
