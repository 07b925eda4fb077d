declare var MonacoEnvironment: { getWorker(workerId: string, label: string): Worker };
