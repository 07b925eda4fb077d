process.stdout.write('headless shell\n');
