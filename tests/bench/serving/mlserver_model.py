"""An ONNX model as a custom runtime of MLServer; its adaptive batching gathers requests."""

from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceResponse
from onnx_session import open_session


class OnnxModel(MLModel):
    async def load(self):
        self.session = open_session(self.settings.parameters.uri)
        return True

    async def predict(self, payload):
        feeds = {each.name: NumpyCodec.decode_input(each) for each in payload.inputs}
        names = [each.name for each in self.session.get_outputs()]
        outputs = self.session.run(names, feeds)
        encoded = [NumpyCodec.encode_output(name, array) for name, array in zip(names, outputs)]
        return InferenceResponse(model_name=self.name, outputs=encoded)
